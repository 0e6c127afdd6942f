"""What X11 tells and does beyond pyautogui."""
